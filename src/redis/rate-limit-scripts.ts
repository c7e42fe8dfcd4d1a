import { RedisScript } from './redis-script.js';

/**
 * What both scripts share. The state of a limit is `EMPTY_AT AT`: when its bucket will be empty, and when that was
 * known, both in ms of Unix time by Redis's clock with 17 digits, so that no interval drifts. Times are Redis's own, so
 * the clocks of the hosts do not matter.
 *
 * A caller tells what it knows of a limit from an earlier answer. So a Redis that has lost its keys, or a replica that
 * has not got the last ones, allows no second burst.
 */
const COMMON = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local function emptyAtOf(state)
  local emptyAt, at = string.match(state or '', '^(%S+) (%S+)$')
  -- If the clock was set back by more than a minute, the time is too far in the future.
  if not at or tonumber(at) > now + 60000 then return 0 end
  return tonumber(emptyAt)
end

local function stateOf(emptyAt)
  return string.format('%.17g %.17g', emptyAt, now)
end

local function store(key, emptyAt)
  if emptyAt > now then
    redis.call('SET', key, stateOf(emptyAt), 'PX', string.format('%.0f', math.min(math.ceil(emptyAt - now), 1e12)))
  end
end
`;

/**
 * Takes a slot of each limit, or of none. Arguments: how many calls go first; then, of each limit, its interval in ms,
 * its burst, and what the caller knows. Returns the wait in ms, and the new state of each limit.
 */
export const TAKE = new RedisScript(`${COMMON}
local ahead = tonumber(ARGV[1])
local wait = 0
local found, stored, interval = {}, {}, {}
for index, key in ipairs(KEYS) do
  interval[index] = tonumber(ARGV[index * 3 - 1])
  local burst = tonumber(ARGV[index * 3])
  stored[index] = emptyAtOf(redis.call('GET', key))
  found[index] = math.max(stored[index], emptyAtOf(ARGV[index * 3 + 1]))
  wait = math.max(wait, math.max(found[index], now) - now - (burst - 1 - ahead) * interval[index])
end
local answer = {string.format('%.17g', wait)}
for index, key in ipairs(KEYS) do
  if wait == 0 and ahead == 0 then found[index] = math.max(found[index], now) + interval[index] end
  if found[index] > stored[index] then store(key, found[index]) end
  answer[index + 1] = stateOf(found[index])
end
return answer
`);

/**
 * Corrects a limit: its bucket will not be empty before a time. Arguments: in how many ms that is, and what the caller
 * knows. Returns the new state.
 */
export const RAISE = new RedisScript(`${COMMON}
local stored = emptyAtOf(redis.call('GET', KEYS[1]))
local emptyAt = math.max(stored, emptyAtOf(ARGV[2]), now + tonumber(ARGV[1]))
if emptyAt > stored then store(KEYS[1], emptyAt) end
return stateOf(emptyAt)
`);
