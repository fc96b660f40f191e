/** Permissions in plain words, in groups. Pure. */
import type { Permission } from "@holdfast/contract";

const said: Partial<Record<Permission, string>> = {
  "devices:read": "See devices, their configurations with secrets masked, and their drift",
  "devices:write": "Add and change devices, pin host keys, back up and restore",
  "devices:reveal": "Read kept configurations with the secrets in them",
  "repositories:read": "See repositories and their revisions",
  "repositories:write": "Connect, change, fetch and disconnect repositories",
  "plans:read": "See plans and what they would change",
  "plans:write": "Make plans; nothing is changed by one",
  "rollouts:read": "Follow rollouts and read their journals",
  "rollouts:operate": "Propose, start, pause, abort and roll back rollouts",
  "rollouts:approve": "Approve rollouts that wait for a second person",
  "findings:read": "See findings and their evidence",
  "findings:write": "Acknowledge, suppress and resolve findings",
  "audit:read": "Search, verify and export the audit trail",
  "audit:write": "Sign checkpoints, and move old entries to archives",
  "secrets:read": "See which secrets there are; never their values",
  "secrets:write": "Store, replace, destroy and delete secrets; rotate the key ring",
  "pki:read": "See authorities and certificates",
  "pki:write": "Issue, renew and revoke certificates; exchange authorities",
  "users:read": "See people, roles, service accounts and identity providers",
  "users:write": "Invite and disable people, give roles away, end sessions, erase people",
};

const titles: Record<string, string> = {
  devices: "Devices",
  repositories: "Repositories",
  plans: "Plans",
  rollouts: "Rollouts",
  findings: "Findings",
  audit: "Audit",
  secrets: "Secrets",
  pki: "Certificates",
  users: "People and machines",
};

/** What a permission allows; its name for one that has no words here. */
export function sayPermission(permission: Permission): string {
  return said[permission] ?? permission;
}

export interface PermissionGroup {
  title: string;
  permissions: Permission[];
}

/** By what they are about, in the order in which they come; without those that nobody needs to be given. */
export function grouped(permissions: readonly Permission[]): PermissionGroup[] {
  const groups = new Map<string, PermissionGroup>();
  for (const permission of permissions) {
    const about = permission.split(":")[0] ?? "";
    if (permission === "public" || permission === "self") continue;
    const group = groups.get(about) ?? { title: titles[about] ?? about, permissions: [] };
    groups.set(about, { ...group, permissions: [...group.permissions, permission] });
  }
  return [...groups.values()];
}
