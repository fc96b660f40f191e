/** How long sessions of the journeys wait for a device: long enough for a busy machine, short enough that a silent one does not hold a test up. */
export const patience = { connectMs: 2000, handshakeMs: 2000, authMs: 3000, promptMs: 3000, timeoutMs: 2000 };
