#!lua name=@LIBRARY@

-- What must happen in one go. Every check comes before the first write, and no write below can fail once the checks are
-- through: a script that stops half-way would leave half its writes.
-- A list of arguments is read from front to back by a cursor; Python packs it in the same order (packing.py).

local function cursor(list, at)
  return function()
    at = at + 1
    return list[at]
  end
end

-- A state's key holds 'version clock clock...', a line feed, the bytes.
local function version_and_clocks(packed)
  if not packed then return '0', '' end
  return string.match(packed, '^(%d+)([^\n]*)\n')
end

local function wrong_schema(key, expected)
  local schema = redis.call('GET', key)
  if schema and schema ~= expected then return { 'schema', schema } end
  if not schema then return nil, true end
end

-- keys: schema, seen, events, clocks, deadlines, closed; per write: state, open; per check: state; per event: history;
--   per private entry: private.
-- args: schema, fingerprint, answer, milliseconds to keep them, counts of writes, checks, events and private entries;
--   per write: expected, next version, state, ref, id, open, count of clocks, (name, deadline)...; per check: version;
--   per event: ref, version, type, body; per private entry: body.
local function commit(keys, args)
  local refusal, first = wrong_schema(keys[1], args[1])
  if refusal then return refusal end
  local seen = redis.call('HMGET', keys[2], 'fingerprint', 'answer')
  if seen[1] then return { 'seen', seen[1], seen[2] } end

  local writes, checks, events, private = tonumber(args[5]), tonumber(args[6]), tonumber(args[7]), tonumber(args[8])
  local key, arg = cursor(keys, 6), cursor(args, 8)
  local written, earlier_clocks = {}, {}
  for number = 1, writes do
    local write = { key = key(), open_key = key(), expected = arg(), version = arg(), state = arg(), ref = arg(), id = arg() }
    write.open, write.clocks = arg() == '1', {}
    for index = 1, tonumber(arg()) do write.clocks[index] = { name = arg(), deadline = arg() } end
    written[number] = write
    local found, clocks = version_and_clocks(redis.call('GET', write.key))
    if found ~= write.expected then return { 'conflict', tostring(number - 1), found } end
    earlier_clocks[number] = clocks
  end
  for number = 1, checks do
    local found = version_and_clocks(redis.call('GET', key()))
    if found ~= arg() then return { 'conflict', tostring(writes + number - 1), found } end
  end

  if first then redis.call('SET', keys[1], args[1]) end
  local now = redis.call('TIME')[1]
  for number, write in ipairs(written) do
    local names, kept = '', {}
    for _, clock in ipairs(write.clocks) do
      local member = write.ref .. '/' .. clock.name
      names = names .. ' ' .. clock.name
      kept[clock.name] = true
      -- A clock set again as it was keeps its lease, else the worker that is about to fire it would get a rival.
      if redis.call('HGET', keys[5], member) ~= clock.deadline then
        redis.call('HSET', keys[5], member, clock.deadline)
        redis.call('ZADD', keys[4], clock.deadline, member)
      end
    end
    for name in string.gmatch(earlier_clocks[number], '%S+') do
      if not kept[name] then
        redis.call('HDEL', keys[5], write.ref .. '/' .. name)
        redis.call('ZREM', keys[4], write.ref .. '/' .. name)
      end
    end
    redis.call('SET', write.key, write.version .. names .. '\n' .. write.state)
    if write.open then
      redis.call('SADD', write.open_key, write.id)
      redis.call('ZREM', keys[6], write.ref)
    else
      redis.call('SREM', write.open_key, write.id)
      redis.call('ZADD', keys[6], now, write.ref)
    end
  end
  local answer = { 'stored' }
  for _ = 1, events do
    local ref, version, type, body = arg(), arg(), arg(), arg()
    local id = redis.call('XADD', keys[3], '*', 'ref', ref, 'version', version, 'type', type, 'body', body)
    redis.call('RPUSH', key(), id .. ' ' .. version .. ' ' .. type .. '\n' .. body)
    answer[#answer + 1] = id
  end
  for _ = 1, private do redis.call('RPUSH', key(), arg()) end
  redis.call('HSET', keys[2], 'fingerprint', args[2], 'answer', args[3])
  redis.call('PEXPIRE', keys[2], args[4])
  return answer
end

-- keys: clocks, deadlines. args: now, lease end, limit. Answers member, deadline, member, deadline...
local function claim(keys, args)
  local answer = {}
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', keys[1], '-inf', args[1], 'LIMIT', 0, args[3])) do
    redis.call('ZADD', keys[1], args[2], member)
    answer[#answer + 1] = member
    answer[#answer + 1] = redis.call('HGET', keys[2], member)
  end
  return answer
end

-- Clears away an aggregate that is closed. keys: state, open, closed, history, private. args: ref, id, version.
local function remove(keys, args)
  local found, clocks = version_and_clocks(redis.call('GET', keys[1]))
  if found ~= args[3] then return { 'conflict', '0', found } end
  if clocks ~= '' or redis.call('SISMEMBER', keys[2], args[2]) == 1 then return { 'open' } end
  redis.call('DEL', keys[1], keys[4], keys[5])
  redis.call('ZREM', keys[3], args[1])
  return { 'removed' }
end

local function id_parts(id)
  local ms, number = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(number)
end

local function is_before(id, other)
  local ms, number = id_parts(id)
  local other_ms, other_number = id_parts(other)
  return ms < other_ms or (ms == other_ms and number < other_number)
end

local function after(id)
  local ms, number = id_parts(id)
  return string.format('%.0f-%.0f', ms, number + 1)
end

-- Drops events up to an id, short of what a group has not acknowledged. keys: events, trimmed. args: id. Answers how many.
local function trim(keys, args)
  if redis.call('EXISTS', keys[1]) == 0 then return 0 end
  local bound = after(args[1])
  for _, fields in ipairs(redis.call('XINFO', 'GROUPS', keys[1])) do
    local group = {}
    for index = 1, #fields, 2 do group[fields[index]] = fields[index + 1] end
    local needed = after(group['last-delivered-id'])
    if group['pending'] > 0 then needed = redis.call('XPENDING', keys[1], group['name'])[2] end
    if is_before(needed, bound) then bound = needed end
  end
  local last = redis.call('XREVRANGE', keys[1], '(' .. bound, '-', 'COUNT', 1)[1]
  if not last then return 0 end
  redis.call('SET', keys[2], last[1])
  return redis.call('XTRIM', keys[1], 'MINID', '=', bound)
end

-- keys: latest, live, a trail per fix. args: longest trail, longest live stream, count; per fix: vehicle, time, trusted, body.
-- Answers 1 for each fix that is its vehicle's latest now, else 0.
local function put_fixes(keys, args)
  local answer = {}
  local arg = cursor(args, 3)
  local time = redis.call('TIME')
  local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  for number = 1, tonumber(args[3]) do
    local vehicle, ms, trusted, body = arg(), arg(), arg(), arg()
    local trail = keys[2 + number]
    answer[number] = 0
    -- A fix from the future sorts as of now, or 500 of them would keep every true one out.
    local score = math.min(tonumber(ms), now)
    if score < tonumber(ms) or redis.call('ZCOUNT', trail, ms, ms) == 0 then
      redis.call('ZADD', trail, string.format('%.0f', score), ms .. ' ' .. trusted .. ' ' .. body)
      redis.call('ZREMRANGEBYRANK', trail, 0, -1 - tonumber(args[1]))
      local latest = redis.call('HGET', keys[1], vehicle)
      if trusted == '1' and (not latest or tonumber(string.match(latest, '^%d+')) < tonumber(ms)) then
        redis.call('HSET', keys[1], vehicle, ms .. ' ' .. body)
        redis.call('XADD', keys[2], 'MAXLEN', '~', args[2], '*', 'vehicle', vehicle, 'ms', ms, 'body', body)
        answer[number] = 1
      end
    end
  end
  return answer
end

redis.register_function('@LIBRARY@_commit', commit)
redis.register_function('@LIBRARY@_claim', claim)
redis.register_function { function_name = '@LIBRARY@_remove', callback = remove, flags = { 'allow-oom' } }
redis.register_function { function_name = '@LIBRARY@_trim', callback = trim, flags = { 'allow-oom' } }
redis.register_function('@LIBRARY@_put_fixes', put_fixes)
