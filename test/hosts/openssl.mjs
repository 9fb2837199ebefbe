// Certificates for tests, made by OpenSSL and believed by nobody.
import { isIP } from 'node:net';
import path from 'node:path';
import { ensureCommand } from './debian.mjs';
import { run } from './run.mjs';

/** Installs OpenSSL unless it is there, and returns the path of its command. */
export function ensureOpenssl() {
  return ensureCommand({ title: 'OpenSSL', commands: ['openssl'], packages: ['openssl'] });
}

/**
 * @param {string} folder
 * @param {readonly string[]} hosts names or addresses
 * @returns {Promise<{ keyFile: string, certFile: string }>}
 */
export async function selfSigned(folder, hosts) {
  const openssl = await ensureOpenssl();
  const [keyFile, certFile] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const names = hosts.map((host) => `${isIP(host) ? 'IP' : 'DNS'}:${host}`).join(',');
  const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${hosts[0]}`];
  const where = ['-addext', `subjectAltName=${names}`, '-keyout', keyFile, '-out', certFile];
  await run(openssl, ['req', ...kind, ...where], { cwd: folder, missing: 'a certificate could not be made' });
  return { keyFile, certFile };
}
