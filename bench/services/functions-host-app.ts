// What the bench of the Functions host runs: a function that does nothing.
import { app } from '@azure/functions';

app.http('nothing', { authLevel: 'anonymous', handler: () => ({ status: 200 }) });
