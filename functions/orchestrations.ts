import * as df from 'durable-functions';
import { backup } from './orchestrations/backup.ts';
import { jobOf } from './orchestrations/job.ts';

// What runs goes on as it began: another way of doing one gets another version here, and in lib/cloud/job/start.ts.
df.app.orchestration('backup_v1', backup);
df.app.orchestration('collect_v1', jobOf('collectStep'));
df.app.orchestration('detectChanges_v1', jobOf('detectStep'));
