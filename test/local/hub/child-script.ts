// Stands for an agent: answers `status` with its pid, and what its first argument says it does at its start.
const [, , way = 'up'] = process.argv;

process.on('message', (message: { id: number; do: string }) => {
  if (message.do === 'status') process.send?.({ id: message.id, value: process.pid });
  else if (message.do === 'pause') process.send?.({ id: message.id, error: { code: 'no', message: 'not now' } });
  else if (message.do === 'rescan') process.exit(3);
});
process.on('SIGTERM', () => way !== 'stubborn' && process.exit(0));
process.on('disconnect', () => process.exit(0));

if (way === 'refusing') {
  process.send?.({ hello: true, error: { code: 'state_corrupt', message: 'broken', hint: 'Mend it.' } });
  process.exit(1);
}
if (way === 'dying') process.exit(1);
process.send?.({ hello: true });
