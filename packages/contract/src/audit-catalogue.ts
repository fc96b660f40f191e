/**
 * Everything that can be recorded in the audit trail: each action with its severity, its type, and what it says: `<who> <says> <to what>`.
 * The types named in `seededTypes` are those that auditors of the source systems know; the others are ours. Pure.
 */

export const auditSeverities = ["info", "warning", "critical"] as const;
/** `critical`: rights, keys or the trail itself; `warning`: refused, destroyed, or by hand; `info`: all else. */
export type AuditSeverity = (typeof auditSeverities)[number];

/** Types of security events by the names that the source systems give them. */
export const seededTypes = [
  "login_attempt",
  "logout",
  "password_change",
  "mfa_enroll",
  "mfa_verify",
  "token_refresh",
  "token_revoke",
  "api_key_create",
  "api_key_revoke",
  "permission_grant",
  "permission_revoke",
  "resource_access",
  "policy_change",
  "authorization_failed",
  "suspicious_activity",
] as const;

export const auditTypes = [
  ...seededTypes,
  "user_change",
  "service_account_change",
  "secret_access",
  "secret_change",
  "key_rotation",
  "certificate_issue",
  "certificate_revoke",
  "authority_change",
  "inventory_change",
  "repository_change",
  "deployment",
  "finding_change",
  "provider_change",
  "privacy_request",
  "audit_access",
  "audit_change",
  "other",
] as const;
export type AuditType = (typeof auditTypes)[number];

export interface AuditAction {
  severity: AuditSeverity;
  type: AuditType;
  /** After the name of who did it: `signed in`. */
  say: string;
}

/** `severity type say`, one line each, so that the list can be read as a list. */
const listed: Record<string, `${AuditSeverity} ${AuditType} ${string}`> = {
  "audit.archive.create": "critical audit_change archived old entries",
  "audit.checkpoint.create": "info audit_change signed a checkpoint of the audit trail",
  "audit.signing_key.create": "critical key_rotation made a key that signs checkpoints",
  "audit.signing_key.rotate": "critical key_rotation made a new key that signs checkpoints",
  "audit.trail.export": "warning audit_access exported the audit trail",
  "devices.credential.rotate": "critical key_rotation exchanges what devices are signed in to with",
  "devices.device.create": "info inventory_change added a device",
  "devices.device.delete": "warning inventory_change removed a device",
  "devices.device.update": "info inventory_change changed a device",
  "devices.host_key.replace": "critical policy_change put another host key in the place of the pinned one",
  "devices.host_key.trust": "info policy_change pinned the first host key of a device",
  "devices.host_keys.trust": "warning policy_change pinned host keys that nobody compared",
  "devices.repository.create": "warning repository_change connected a repository",
  "devices.repository.delete": "warning repository_change disconnected a repository",
  "devices.repository.update": "warning repository_change changed a repository",
  "devices.version.reveal": "warning secret_access looked at a configuration with its secrets",
  "findings.finding.acknowledge": "info finding_change acknowledged a finding",
  "findings.finding.resolve": "info finding_change resolved a finding",
  "findings.finding.suppress": "warning finding_change suppressed a finding",
  "identity.access.refuse": "warning authorization_failed was not allowed to use a route",
  "identity.api_key.create": "warning api_key_create created an API key",
  "identity.api_key.revoke": "warning api_key_revoke revoked an API key",
  "identity.backup_codes.create": "warning mfa_enroll made backup codes",
  "identity.device_login.approve": "warning login_attempt let a program in that showed a code",
  "identity.device_login.deny": "info login_attempt did not let a program in that showed a code",
  "identity.enrolment.create": "critical service_account_change made a token by which a machine gets a certificate",
  "identity.factor.enrol": "warning mfa_enroll enrolled a second factor",
  "identity.factor.remove": "critical mfa_enroll removed a second factor",
  "identity.factors.reset": "critical mfa_enroll asked a person to enrol their factors anew",
  "identity.api_key.use": "info resource_access used an API key",
  "identity.client_secret.create": "critical service_account_change made a secret of a service account",
  "identity.client_secret.revoke": "warning service_account_change revoked a secret of a service account",
  "identity.service_account.create": "critical service_account_change made a service account",
  "identity.invitation.accept": "info user_change accepted an invitation",
  "identity.machine.enrol": "critical service_account_change enrolled a machine",
  "identity.machine.refuse": "warning login_attempt was refused as a machine",
  "identity.password.change": "warning password_change changed their password",
  "identity.password.force_reset": "critical password_change asked people to choose new passwords",
  "identity.password.refuse": "warning password_change was refused to change a password",
  "identity.password.reset": "warning password_change reset a password",
  "identity.link.create": "critical user_change linked a person to an identity provider",
  "identity.link.remove": "critical user_change ended a person's link to an identity provider",
  "identity.provider.key_renew": "critical key_rotation made a new key of ours for an identity provider",
  "identity.provider.create": "critical policy_change added an identity provider",
  "identity.provider.remove": "critical policy_change removed an identity provider",
  "identity.provider.update": "critical policy_change changed an identity provider",
  "identity.reset.request": "warning password_change asked for a reset of a password",
  "identity.role.create": "critical permission_grant made a role",
  "identity.role.remove": "critical permission_revoke removed a role",
  "identity.role.update": "critical policy_change changed what a role may do",
  "identity.session.end": "info logout signed out",
  "identity.session.end_all": "warning token_revoke ended all sessions of a person",
  "identity.session.end_others": "info token_revoke ended their other sessions",
  "identity.session.open": "info login_attempt signed in",
  "identity.session.provider_end": "info logout signed out at an identity provider",
  "identity.session.refuse": "warning login_attempt was refused at the sign-in",
  "identity.session.step_up": "info mfa_verify proved again who they are",
  "identity.session.step_up_refuse": "warning mfa_verify failed to prove again who they are",
  "identity.setup_token.create": "critical user_change made the setup link",
  "identity.sign_in_link.create": "critical user_change made a one-time sign-in link",
  "identity.signing_key.create": "critical key_rotation made a key that signs access tokens",
  "identity.token.issue": "info login_attempt was issued tokens",
  "identity.token.refresh": "info token_refresh refreshed a session",
  "identity.token.reuse": "critical suspicious_activity used a refresh token a second time",
  "identity.token.revoke_all": "critical token_revoke ended all sessions of everybody",
  "identity.user.change_email": "warning user_change changed the mail address of a person",
  "identity.user.create": "critical user_change added a person",
  "identity.user.invite": "critical user_change invited a person",
  "identity.user.disable": "critical user_change disabled a person",
  "identity.user.enable": "critical user_change let a disabled person in again",
  "identity.user.grant": "critical permission_grant gave a person rights",
  "identity.user.update": "critical user_change changed a person",
  "identity.user.withdraw": "critical permission_revoke took rights from a person",
  "pki.authority.import": "critical authority_change imported a certificate authority",
  "pki.authority.init": "critical authority_change made a certificate authority",
  "pki.authority.retire": "critical authority_change retired a certificate authority",
  "pki.authority.rotate": "critical key_rotation made a new certificate authority",
  "pki.certificate.issue": "info certificate_issue issued a certificate",
  "pki.certificate.revoke": "warning certificate_revoke revoked a certificate",
  "pki.root.export": "critical secret_access exported the key of the root authority",
  "pki.root.remove": "critical authority_change took the key of the root authority offline",
  "pki.root.restore": "critical authority_change brought the key of the root authority back",
  "pki.ssh.prepare": "warning key_rotation made the next SSH authority",
  "pki.ssh.rotate": "critical key_rotation signs with the next SSH authority",
  "pki.ssh.sign": "info certificate_issue signed an SSH key",
  "privacy.person.erase": "critical privacy_request erased a person",
  "privacy.person.export": "warning privacy_request exported what is known about a person",
  "rollout.plan.create": "info deployment made a plan",
  "rollout.rollout.abort": "warning deployment aborted a rollout",
  "rollout.rollout.approve": "warning deployment approved a rollout",
  "rollout.rollout.create": "info deployment proposed a rollout",
  "rollout.rollout.end": "info deployment ended a rollout",
  "rollout.rollout.halt": "warning deployment halted a rollout",
  "rollout.rollout.pause": "info deployment paused a rollout",
  "rollout.rollout.resume": "info deployment resumed a rollout",
  "rollout.rollout.retry": "info deployment had a rollout try again",
  "rollout.rollout.start": "warning deployment started a rollout",
  "secrets.key.add": "critical key_rotation added a sealing key",
  "secrets.key_ring.rotate": "critical key_rotation rotated the key ring",
  "secrets.lease.renew": "info secret_access renewed a lease of a secret",
  "secrets.lease.revoke": "info secret_access ended a lease of a secret",
  "secrets.lease.take": "warning secret_access leased a secret",
  "secrets.secret.create": "warning secret_change stored a secret",
  "secrets.secret.remove": "warning secret_change deleted a secret",
  "secrets.secret.replace": "warning secret_change stored a new version of a secret",
  "secrets.secret.reveal": "info secret_access used a secret",
  "secrets.version.destroy": "warning secret_change destroyed a version of a secret",
  "secrets.version.find": "info secret_change found a new version of a secret in Vault",
  "secrets.vault.ssh_sign": "info certificate_issue had Vault sign an SSH key",
};

export const auditActions: ReadonlyMap<string, AuditAction> = new Map(Object.entries(listed).map(([action, line]) => [action, read(line)]));

function read(line: string): AuditAction {
  const [severity = "", type = "", ...say] = line.split(" ");
  return { severity: severity as AuditSeverity, type: type as AuditType, say: say.join(" ") };
}

/** What an action is; one that is not listed is a warning, so that it is looked at. */
export function auditActionOf(action: string): AuditAction {
  return auditActions.get(action) ?? { severity: "warning", type: "other", say: `did ${action}` };
}

/** The actions of a type. */
export function actionsOfType(type: AuditType): string[] {
  return [...auditActions].filter(([, one]) => one.type === type).map(([action]) => action);
}
