/** The anchor. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--mantine-color-ink-7)" />
      <g fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round">
        <circle cx="16" cy="8.6" r="2.6" />
        <path d="M16 11.2V25M11.5 15h9M7 18.5c.4 4.2 4 6.5 9 6.5s8.6-2.3 9-6.5" />
      </g>
    </svg>
  );
}
