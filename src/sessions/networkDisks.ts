/**
 * Kinds of file systems that lie on another machine, by the numbers that `statfs` of Linux gives.
 * Sources: `statfs(2)` of the Linux manual, `include/uapi/linux/magic.h` and the kernel's own file systems, and
 * `src/stat.c` of GNU coreutils, which knows those outside of the kernel.
 */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
  [0x00c36400, 'Ceph'],
  [0x01021997, '9P'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x7461636f, 'OCFS2'],
  [0x01161970, 'GFS2'],
  [0xaad7aaea, 'PanFS'],
  [0x20030528, 'OrangeFS'],
  [0x786f4256, 'vboxsf'],
  [0xbacbacbc, 'VMware hgfs'],
]);

/** A number for whatever a program serves, here or from elsewhere: only the mount's name tells. */
const FUSE = 0x65735546;
const NETWORK_MOUNT =
  /^(?:fuse\.)?(?:sshfs|s3fs|gcsfuse|goofys|rclone|mountpoint-s3|blobfuse2?|glusterfs|cephfs|ceph-fuse|juicefs|davfs2?|seaweedfs|mfs|lizardfs|objectivefs|grpcfuse|virtiofs|osxfs|vmhgfs-fuse|portal)$/;

/** Name of the network file system that this is; undefined: a local one, or one that nothing is known of. */
export function networkDiskName(type: number, mountKind: string | undefined): string | undefined {
  // Node gives the number as a signed or an unsigned one, by the system's word length.
  const known = NETWORK.get(type >>> 0);
  if (known !== undefined) return known;
  const isServed = type >>> 0 === FUSE || mountKind === 'virtiofs';
  return isServed && mountKind !== undefined && NETWORK_MOUNT.test(mountKind) ? mountKind : undefined;
}
