import { setMaxListeners } from 'node:events';

// As the program itself does: hundreds of calls side by side listen to one signal.
setMaxListeners(10_000);
