export { fileOutbox, type FileOutboxOptions } from './file-outbox.js';
