import { openDeployer, type Places } from './deployer.js';
import { pointsUntil } from './points.js';

/** One pass of a deployer that dies at a point, if it gets there; else it says which points it has passed. */
const { killAt, ...places } = JSON.parse(process.argv[2] ?? '{}') as Places & { killAt?: number };
const points = pointsUntil(killAt);
const deployer = openDeployer(places, points);
await deployer.worker.once({ signal: new AbortController().signal, trigger: 'deploy --once' });
await deployer.close();
process.stdout.write(JSON.stringify(points.names));
