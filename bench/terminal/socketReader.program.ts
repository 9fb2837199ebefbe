/** Reads what a holder passes on over its socket: what a window would be that had nothing to do. */
import net from 'node:net';
import { onOrders, OutputWatch } from './outputWatch';

const watch = new OutputWatch();
const socket = net.connect(process.argv[2] ?? '', () => watch.ready());
socket.setEncoding('utf8').on('data', (data: string) => watch.take(data));
onOrders(
  (keys) => void watch.type(keys, (data) => socket.write(data)),
  () => process.exit(0),
);
