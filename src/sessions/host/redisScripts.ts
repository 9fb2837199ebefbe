/**
 * What Redis does in one step for us, in its own language. The convention of the lock is the backend's (DESIGN section 7):
 * `SET dev_server_start:<sandbox>:<type> <timestamp>:<owner> NX EX 60`. The keys of each script lie in one slot of a
 * cluster. Numbers are compared as Lua's doubles: milliseconds since 1970 fit for 285,000 years.
 */

/**
 * Takes the lock. KEYS: lock, fence. ARGV: token, what tokens of this machine hold, seconds, wall-clock milliseconds, seconds
 * that the fence is kept. Gives `{1, number}`, or `{0, the other's token}`.
 * - A token that is there already is a try of ours that was carried out and not answered.
 * - Another token of this machine is a predecessor's: its host lock is ours now, so that one is dead.
 * - The number grows with each win, also after Redis has lost all keys: it begins with the time.
 */
export const ACQUIRE = `
local held = redis.call('GET', KEYS[1])
if held == ARGV[1] then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  redis.call('SET', KEYS[2], ARGV[4], 'NX', 'EX', ARGV[5])
  return {1, redis.call('GET', KEYS[2])}
end
if held and not string.find(held, ARGV[2], 1, true) then return {0, held} end
if held then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
else redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[3]) end
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local number = string.format('%.0f', math.max(last + 1, tonumber(ARGV[4])))
redis.call('SET', KEYS[2], number, 'EX', ARGV[5])
return {1, number}
`;

/**
 * Keeps the lock. KEYS: lock, fence. ARGV: token, own number, seconds, seconds that the fence is kept. Gives 1, or 0 when it is
 * lost: another holds it, or has held it meanwhile (the number tells). One that only vanished is taken again.
 */
export const RENEW = `
local held = redis.call('GET', KEYS[1])
local number = redis.call('GET', KEYS[2])
if held and held ~= ARGV[1] then return 0 end
if number and number ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[4])
return 1
`;

/**
 * Gives the lock back if it is ours (compare and delete). KEYS: lock, fence. ARGV: token, seconds that the fence is kept. Gives
 * the number of deleted keys. The number grows: a renewal that arrives later, by another connection, must not take it again.
 * The deletion comes first: with full memory a script may write only after it has freed something.
 */
export const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
redis.call('SET', KEYS[2], string.format('%.0f', last + 1), 'EX', ARGV[2])
return 1
`;

/**
 * Tells of a server. KEYS: entry. ARGV: machine, number, milliseconds to live, channel, event (empty: nothing is new), then
 * names and values. Gives `{1}`, or `{0, machine's name, URL}` of another machine that has started it with a higher number,
 * or with none as we have.
 */
export const PUBLISH = `
local machine = redis.call('HGET', KEYS[1], 'machine')
if machine and machine ~= ARGV[1] then
  local theirs = tonumber(redis.call('HGET', KEYS[1], 'fence') or '0') or 0
  if theirs >= tonumber(ARGV[2]) then
    return {0, redis.call('HGET', KEYS[1], 'machineName') or machine, redis.call('HGET', KEYS[1], 'url') or ''}
  end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 6))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if ARGV[5] ~= '' then redis.pcall('PUBLISH', ARGV[4], ARGV[5]) end
return {1}
`;

/** Takes an entry back if it is this machine's. KEYS: entry. ARGV: machine, channel, event. Gives 1 if it was. */
export const REMOVE = `
if redis.call('HGET', KEYS[1], 'machine') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.pcall('PUBLISH', ARGV[2], ARGV[3])
return 1
`;

/**
 * Whether scripts run and keys are taken, as all of the above need. KEYS: one of ours. ARGV: milliseconds that it lives.
 */
export const CHECK = `return redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])`;
