-- Answers to questions of all kinds, as of one instant: sets and lists have no MGET.

local function answer(kind, key, argument)
  if kind == 'GET' or kind == 'SMEMBERS' then
    return redis.call(kind, key)
  elseif kind == 'PEEK' then
    return redis.call('GET', key)
  elseif kind == 'ATLEAST' then
    -- Exact up to 2^53, as all numbers here.
    return tonumber(redis.call('GET', key) or '0') >= tonumber(argument) and 1 or 0
  end
  return redis.call(kind, key, argument)
end

local function read(keys, arguments)
  local replies = {}
  for index, key in ipairs(keys) do
    replies[index] = answer(arguments[2 * index - 1], key, arguments[2 * index])
  end
  return replies
end
