-- Tokens and the gate: advisory, so that those who would only disturb each other take turns.

-- keys: flag, token. arguments: name of a new token, milliseconds.
-- Make a token if there is none, or if its holder has not been heard of for so long.
local function offer(keys, arguments)
  if redis.call('SET', keys[1], arguments[1], 'NX', 'PX', arguments[2]) then
    redis.call('DEL', keys[2])
    redis.call('RPUSH', keys[2], arguments[1])
  end
  return 1
end

-- keys: flag, token. arguments: name of the token, milliseconds.
-- Put a token back, unless it was replaced meanwhile: there is never more than one.
local function hand_on(keys, arguments)
  if redis.call('GET', keys[1]) == arguments[1] then
    redis.call('RPUSH', keys[2], arguments[1])
    redis.call('PEXPIRE', keys[1], arguments[2])
    redis.call('PEXPIRE', keys[2], 2 * arguments[2])
  end
end

-- keys: gate. arguments: writer, milliseconds.
local function close_gate(keys, arguments)
  local holder = redis.call('GET', keys[1])
  if not holder or holder == arguments[1] then
    redis.call('SET', keys[1], arguments[1], 'PX', arguments[2])
  end
  return 1
end

-- keys: gate. arguments: writer.
local function open_gate(keys, arguments)
  if redis.call('GET', keys[1]) == arguments[1] then
    redis.call('DEL', keys[1])
  end
end

-- keys: record. arguments: sequence in doubt, fence, seconds. Once this says 0, it never took place.
local function resolve(keys, arguments)
  local recorded = tonumber(redis.call('GET', keys[1]) or '0')
  if recorded >= tonumber(arguments[1]) then
    return recorded == tonumber(arguments[1]) and 1 or 0
  end
  redis.call('SET', keys[1], arguments[2], 'EX', arguments[3])
  return 0
end
