-- What wrk sends and counts. Arguments, after --: the file with the request, the first number and how many, a seed, the
-- seconds before answers count (then each is looked at: which refuse), the file with the ids, a line each, and how many
-- connections. Over one, each request is timed here: wrk counts a slow one again for each that could have been sent meanwhile.
-- Marks in the request: <number> (seven digits), <uuid> (a random one), <id> (one of the ids).
local ffi = require('ffi')
ffi.cdef('typedef struct { long seconds, nanoseconds; } moment; int clock_gettime(int clock, moment *at);')
local moment = ffi.new('moment')
local random, format = math.random, string.format
local pieces, marks, ids = {}, {}, {}
local first, count
local sent

local fill = {
  number = function()
    return first + random(0, count - 1)
  end,
  uuid = function()
    return format(
      '%08x-%04x-4%03x-a%03x-%06x%06x',
      random(0, 0x7fffffff),
      random(0, 0xffff),
      random(0, 0xfff),
      random(0, 0xfff),
      random(0, 0xffffff),
      random(0, 0xffffff)
    )
  end,
  id = function()
    return ids[random(#ids)]
  end,
}

local function now()
  ffi.C.clock_gettime(1, moment) -- CLOCK_MONOTONIC
  return tonumber(moment.seconds) + tonumber(moment.nanoseconds) / 1e9
end

local thread -- there is one
function setup(it)
  thread = it
end

function init(args)
  local file = assert(io.open(args[1]))
  local text = file:read('*a')
  file:close()
  first, count = tonumber(args[2]), tonumber(args[3])
  math.randomseed(tonumber(args[4]))
  for id in io.lines(args[6]) do
    table.insert(ids, id)
  end
  local at = 1
  for piece, mark, next in text:gmatch('(.-)<(%l+)>()') do
    table.insert(pieces, piece)
    table.insert(marks, fill[mark])
    at = next
  end
  table.insert(pieces, text:sub(at))
  answered, failed, refused, told = 0, 0, 0, 0
  times = {}
  local ramp = tonumber(args[5])
  if args[7] == '1' then
    function response()
      table.insert(times, now() - sent)
    end
  elseif ramp > 0 then
    local from
    function response(status, headers)
      from = from or now() + ramp
      if now() < from then
        return
      end
      if status < 400 then
        answered = answered + 1
      else
        failed = failed + 1
      end
      if status == 429 or status == 503 then
        refused = refused + 1
        if headers['Retry-After'] or headers['retry-after'] then
          told = told + 1
        end
      end
    end
  end
end

function request()
  local parts = { pieces[1] }
  for n = 1, #marks do
    parts[2 * n] = marks[n]()
    parts[2 * n + 1] = pieces[n + 1]
  end
  local text = table.concat(parts)
  sent = now()
  return text
end

function done(summary, latency)
  local times = thread:get('times')
  table.sort(times)
  local function ms(percent)
    return #times > 0 and times[math.ceil(#times * percent / 100)] * 1e3 or latency:percentile(percent) / 1e3
  end
  local errors = summary.errors
  local looked = thread:get('answered') + thread:get('failed') > 0
  io.write(
    format(
      '\n{"answered":%d,"failed":%d,"refused":%d,"told":%d,"errors":%d,"seconds":%f,"p50":%f,"p99":%f,"cpuMs":%f}\n',
      looked and thread:get('answered') or summary.requests - errors.status,
      looked and thread:get('failed') or errors.status,
      thread:get('refused'),
      thread:get('told'),
      errors.connect + errors.read + errors.write + errors.timeout,
      summary.duration / 1e6,
      ms(50),
      ms(99),
      os.clock() * 1e3
    )
  )
end
