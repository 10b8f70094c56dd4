import { InvalidArgumentError, Option } from 'commander';

export function outputOption(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');
}

export function onceOption(): Option {
  return new Option('--once', 'one pass, then end');
}

export function dryRunOption(): Option {
  return new Option('--dry-run', 'stop after the plan and print it (one pass)');
}

export function adoptOption(): Option {
  return new Option('--adopt [job]', 'take over jobs that exist and are not owned (all, or one reference)');
}

export function waitOption(): Option {
  return new Option('--wait', 'until it runs, or it is clear what of it does not');
}

export function timeoutOption(): Option {
  return new Option('--timeout <seconds>', 'with --wait: how long').default(900).argParser(positive);
}

export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number above 0 is needed');
  return value;
}

export function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('a port is 0 to 65535');
  return value;
}
