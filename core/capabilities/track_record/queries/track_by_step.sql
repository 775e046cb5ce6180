-- Of the forecasts in each tenth of the probability, how many were expected to rise, and how many did?
select step, sum(judged) as judged, sum(chances) as chances, sum(risers) as risers
from track_record
where segment = $segment and (len($categories) = 0 or list_contains($categories, category)) and ($as_of is null or as_of = $as_of)
group by step
having sum(judged) > 0
order by step nulls last
