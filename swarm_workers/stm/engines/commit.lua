-- One commit: nothing, unless every question is still answered as the body saw it.

local HEADER_BYTES = 22
local CHUNK = 1000

-- A short text that differs when the answer does. The sum over a set does not depend on its order.
local function digest(kind, reply)
  if reply == false then
    return '-'
  elseif kind == 'SMEMBERS' then
    local left, right = 0, 0
    for _, member in ipairs(reply) do
      local hash = redis.sha1hex(member)
      left = (left + tonumber(string.sub(hash, 1, 12), 16)) % 281474976710656
      right = (right + tonumber(string.sub(hash, 13, 24), 16)) % 281474976710656
    end
    return string.format('%d:%.0f:%.0f', #reply, left, right)
  elseif kind == 'GET' then
    return '=' .. string.sub(reply, 1, HEADER_BYTES)
  end
  return '=' .. reply
end

-- keys: record, gate, those of the questions, those of the effects, those to answer.
-- arguments: writer, sequence, seconds of the record, three counts, then the rest.
local function commit(keys, arguments)
  local writer, sequence = arguments[1], tonumber(arguments[2])
  local questions, effects, carried = tonumber(arguments[4]), tonumber(arguments[5]), tonumber(arguments[6])
  if tonumber(redis.call('GET', keys[1]) or '0') >= sequence then
    return {'late'}
  end
  local gate = redis.call('GET', keys[2])
  if gate and gate ~= writer then
    return {'gate'}
  end
  local at, key_at = 7, 3
  for _ = 1, questions do
    local kind = arguments[at]
    if digest(kind, answer(kind, keys[key_at], arguments[at + 1])) ~= arguments[at + 2] then
      return {'changed'}
    end
    at, key_at = at + 3, key_at + 1
  end
  for _ = 1, effects do
    local kind, count = arguments[at], tonumber(arguments[at + 1])
    local first, last = at + 2, at + 1 + count
    if kind == 'TOKEN' then
      hand_on({keys[key_at], arguments[first]}, {arguments[first + 1], arguments[last]})
    elseif kind == 'SADD' or kind == 'SREM' or kind == 'RPUSH' then
      for from = first, last, CHUNK do
        redis.call(kind, keys[key_at], unpack(arguments, from, math.min(last, from + CHUNK - 1)))
      end
    else
      redis.call(kind, keys[key_at], unpack(arguments, first, last))
    end
    at, key_at = last + 1, key_at + 1
  end
  redis.call('SET', keys[1], arguments[2], 'EX', arguments[3])
  local answers = {}
  for index = 1, carried do
    answers[index] = answer(arguments[at], keys[key_at], arguments[at + 1])
    at, key_at = at + 2, key_at + 1
  end
  return {'done', answers}
end
