-- Tokens and the gate: advisory, so that those who would only disturb each other take turns.

-- keys: flag, token. Make the token if there is none, or its holder has not been heard of for long.
local function offer(keys, arguments)
  if redis.call('SET', keys[1], 1, 'NX', 'PX', arguments[1]) then
    redis.call('DEL', keys[2])
    redis.call('RPUSH', keys[2], 1)
  else
    redis.call('PEXPIRE', keys[1], arguments[1])
  end
end

-- keys: gate. arguments: writer, milliseconds.
local function close_gate(keys, arguments)
  local holder = redis.call('GET', keys[1])
  if not holder or holder == arguments[1] then
    redis.call('SET', keys[1], arguments[1], 'PX', arguments[2])
  end
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
