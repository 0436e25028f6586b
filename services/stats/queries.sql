-- {table}, {key} and {place} are filled in from fixed choices; everything that a caller says is a parameter.

-- name: upsert
-- Rows that stay the same are not written: most facts (an alert, a pause ended) change no figure.
insert into {table} as f ({columns})
select {columns} from unnest({arrays}) as u ({columns})
order by complaint_id
on conflict (complaint_id) do update set {updates}
where ({old}) is distinct from ({new})

-- name: made_too_early
select complaint_id from {table}
where time_zone <> :zone or (not law_known and procedure = any(cast(:procedures as text[])))
order by complaint_id

-- name: newly_parked
select concat(r.topic, '/', r.partition, '@', r."offset") from {rebuilt}.{table} r
where not exists (select from {live}.{table} l where (l.replayed_at is null or l.reason = 'discarded')
                  and (l.consumer, l.topic, l.partition, l."offset") = (r.consumer, r.topic, r.partition, r."offset"))
order by 1 limit 10

-- name: discard_again
update {rebuilt}.{table} r set reason = l.reason, key = null, headers = '[]', value = null, replayed_at = l.replayed_at
from {live}.{table} l
where l.reason = 'discarded' and (l.consumer, l.topic, l.partition, l."offset") = (r.consumer, r.topic, r.partition, r."offset")

-- name: totals
-- Each row's n without any filter.
select coalesce({key}, '') as key, count(*) as n from {table} f {place} group by 1

-- name: figures
-- The median is Kaplan and Meier's: of those still waiting after a day's end, at_risk, so many were answered on day d.
-- Open complaints, and those withdrawn or lapsed, leave the curve on their last day without an answer.
with f as (
    select coalesce({key}, '') as key, f.status, f.due_at, f.in_time, f.rated, f.satisfied, f.entered_late,
           f.status in ('answered', 'refused') as answered,
           coalesce(f.days, greatest(cast(:today as date) - f.filed_on, 0)) as days
    from {table} f {place}
    where (cast(:since as date) is null or f.month >= :since)
      and (cast(:until as date) is null or f.month <= :until)
      and (cast(:procedure as text) is null or :procedure in (f.procedure, split_part(f.procedure, '@', 1)))
      and (cast(:body as text) is null or f.body = :body)
      and (cast(:public_service as text) is null or f.public_service = :public_service)
      and (cast(:territory as text) is null or starts_with(f.territory, :territory))
), counted as (
    select key, count(*) as n,
           count(*) filter (where status = 'open') as open,
           count(*) filter (where status = 'answered') as answered,
           count(*) filter (where status = 'refused') as refused,
           count(*) filter (where status = 'withdrawn') as withdrawn,
           count(*) filter (where status = 'lapsed') as lapsed,
           count(*) filter (where status = 'open' and due_at <= :now) as overdue_open,
           count(*) filter (where in_time) as in_time,
           count(*) filter (where in_time is not null) as judged,
           count(*) filter (where entered_late) as entered_late,
           count(*) filter (where rated) as rated,
           count(*) filter (where satisfied) as satisfied
    from f group by key
), by_day as (
    select key, days, count(*) filter (where answered) as answers, count(*) as leaving from f group by key, days
), waiting as (
    select key, days, answers, sum(leaving) over (partition by key order by days desc)::float8 as at_risk from by_day
), curve as (
    select key, days, sum(case when answers < at_risk then ln(1 - answers / at_risk) else '-infinity' end)
                      over (partition by key order by days) as log_unanswered
    from waiting where answers > 0
), medians as (
    -- One half is reached at one half: the tolerance takes back what logarithms round away.
    select key, min(days) as median_days from curve where log_unanswered <= ln(0.5::float8) + 1e-9 group by key
)
select counted.*, median_days from counted left join medians using (key) order by key

-- name: published
-- `token` tells the cases of a month apart and leads back to none; `beside`: how many listed cases share a territory.
with listed as (
    select f.procedure, f.body, f.public_service, f.territory, f.month as filed, r.routing->>'outcome' as outcome, r.intake->'coded' as coded,
           cast(date_trunc('month', f.answered_at at time zone f.time_zone) as date) as answered,
           encode(sha256(convert_to(cast(f.complaint_id as text), 'utf8')), 'hex') as token,
           count(*) over (partition by f.territory) as beside
    from {table} f join register r using (complaint_id)
    where f.procedure = any(cast(:procedures as text[])) and f.status = 'answered' and r.intake->>'erased_at' is null
      and r.routing->'withdrawn_after_answer' is distinct from 'true' and r.routing->'restricted' is distinct from 'true'
)
select * from listed
where cast(:month as date) is null or (answered, token) < (:month, cast(:token as text))
order by answered desc, token desc limit :most

-- name: report
select to_char(f.month, :pattern) as period, f.body, f.status, r.routing->>'outcome' as outcome, count(*) as n
from {table} f join register r using (complaint_id)
where f.procedure = any(cast(:procedures as text[]))
group by 1, 2, 3, 4 order by 1, 2 nulls first, 3, 4

-- name: filed_by_period
select to_char(f.month, :pattern) as period, count(*) as n from {table} f group by 1
