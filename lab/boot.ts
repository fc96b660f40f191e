/** The script that turns a bare network namespace into a router: private mounts, host name and processes, FRR, OpenSSH. */
import type { LabRouter } from "./topology.ts";

export interface BootParts {
  router: LabRouter;
  /** Directory of this router on the host; the script writes `ready` there when sshd answers. */
  directory: string;
  password: string;
  /** A public key that may sign in. */
  authorizedKey: string;
  config: string;
}

export const labUser = "admin";

/** Where files stand that the script copies in. */
const files = (parts: BootParts): Record<string, string> => ({
  "frr.conf": parts.config,
  "vtysh.conf": "service integrated-vtysh-config\n",
  "holdfast.conf": `pathspace ${parts.router.name}\nstate /run/holdfast/switch\nkeys /run/holdfast/switch/authorized_keys\n`,
  keys: parts.authorizedKey,
  sshd_config: [
    `ListenAddress ${parts.router.management}`,
    "HostKey /run/holdfast/host_key",
    "PidFile /run/sshd.pid",
    "UsePAM no",
    "PasswordAuthentication yes",
    "KbdInteractiveAuthentication no",
    "AuthorizedKeysFile /run/holdfast/switch/authorized_keys",
    "TrustedUserCAKeys /run/holdfast/users.pub", // nobody is trusted until a test writes the file
    `AllowUsers ${labUser}`,
    "UseDNS no",
    "MaxStartups 200:30:400",
    "AllowTcpForwarding no",
    "X11Forwarding no",
    "PrintMotd no",
    "PrintLastLog no",
    "",
  ].join("\n"),
});

/** Files of the router's directory, by name. `host_key` is made beside them. */
export function bootFiles(parts: BootParts): Record<string, string> {
  return { ...files(parts), "boot.sh": bootScript(parts) };
}

/**
 * Account files are copied into an overlay of /etc: a single file mounted over one of the host's would vanish as soon as the
 * host replaces its own. Everything else that is written is in memory, so nothing is left when the last process ends.
 */
function bootScript({ router, directory, password }: BootParts): string {
  const { name } = router;
  return `set -e
mount --make-rprivate /
mount -t proc proc /proc
hostname ${name}
for conf in all default; do echo 0 > /proc/sys/net/ipv4/conf/$conf/rp_filter; done
echo 1 > /proc/sys/net/ipv4/ip_forward
mkdir -p ${directory}/own
mount -t tmpfs -o mode=755 tmpfs ${directory}/own
mkdir ${directory}/own/etc ${directory}/own/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=${directory}/own/etc,workdir=${directory}/own/work /etc
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
mkdir -p /run/sshd /run/frr/${name} /run/holdfast/switch /etc/frr/${name} /var/tmp/frr
cp ${directory}/frr.conf ${directory}/vtysh.conf /etc/frr/${name}/
cp ${directory}/holdfast.conf /etc/frr/
cp ${directory}/holdfast-switch ${directory}/holdfast-keys ${directory}/holdfast-vtysh ${directory}/sshd_config /run/holdfast/
install -m 600 ${directory}/keys /run/holdfast/switch/authorized_keys
install -m 600 ${directory}/host_key /run/holdfast/host_key
printf 'auth sufficient pam_permit.so\\naccount sufficient pam_permit.so\\n' > /etc/pam.d/frr
sed -i '/^${labUser}:/d' /etc/passwd /etc/shadow
echo "${labUser}:x:$(id -u frr):$(id -g frr)::/:/run/holdfast/holdfast-vtysh" >> /etc/passwd
echo '${labUser}:*:19000:0:99999:7:::' >> /etc/shadow
echo '${labUser}:${password}' | chpasswd -c SHA512
chown -R frr:frr /etc/frr /run/frr /run/holdfast/switch /var/tmp/frr
chmod 640 /etc/frr/${name}/*
for daemon in zebra staticd ospfd bgpd; do /usr/lib/frr/$daemon -d -N ${name} < /dev/null; done
vtysh -N ${name} -b
/usr/sbin/sshd -f /run/holdfast/sshd_config
touch ${directory}/ready
exec >/dev/null 2>&1
while :; do sleep 3600 & wait $! || :; done
`;
}
