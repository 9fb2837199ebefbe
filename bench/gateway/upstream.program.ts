/**
 * The server behind the gateway, in a process of its own; says its port and ends with its input. The asset is a file that is
 * read as it is sent, as dev servers do (Next.js by the package `send`); small answers come from memory. args: a folder for it.
 */
import { createReadStream, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { ASSET_BYTES, PAGE_BYTES, SMALL_BYTES } from './sizes';

const small = Buffer.alloc(SMALL_BYTES, 'x');
const asset = path.join(process.argv[2] ?? '', 'asset');
writeFileSync(asset, Buffer.alloc(ASSET_BYTES, 'x'));
const start = '<!DOCTYPE html><html><head><title>page</title></head><body>';
const page = Buffer.from(start.padEnd(PAGE_BYTES, 'x'));

const server = http.createServer(({ url }, response) => {
  if (url === '/asset') {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': ASSET_BYTES });
    createReadStream(asset).pipe(response);
  } else if (url === '/page') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': page.length }).end(page);
  } else response.writeHead(200, { 'content-type': 'application/json', 'content-length': small.length }).end(small);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().once('end', () => process.exit(0));
