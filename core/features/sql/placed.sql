-- Each day of the year before an origin, with its age in days (0 = the origin itself), for everyone and for each segment.
create or replace temp view placed as
select o.as_of, 'all' as segment, d.*, date_diff('day', d.day, o.as_of) as age
from origin as o
inner join all_days as d on d.day <= o.as_of and date_diff('day', d.day, o.as_of) < 371
union all by name
select s.as_of, s.segment, d.* exclude (value), date_diff('day', d.day, s.as_of) as age
from origin as o
inner join segment_of as s on o.as_of = s.as_of
inner join daily_wanted as d on d.value = s.value and d.day <= s.as_of and date_diff('day', d.day, s.as_of) < 371
