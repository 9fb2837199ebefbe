// Looks at a port as another user, and says who listens as JSON. Root starts it and it steps down by itself, once all of
// its files are loaded: they may lie where that user can't read. usage: node otherUser.program.js UID PORT
import { systemPorts } from '../../../src/sessions/host/ports';

const [uid = NaN, port = NaN] = process.argv.slice(2).map(Number);
process.setgroups?.([]);
process.setgid?.(uid);
process.setuid?.(uid);
void systemPorts(process.platform)
  .listeners(port)
  .then((listeners) => console.log(JSON.stringify(listeners)));
