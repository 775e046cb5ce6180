-- How did each segment, for the categories chosen do? possible: the most hits that the lists of the updates could have had.
with each_update as (
    select segment, as_of, sum(judged) as judged, sum(risers) as risers, sum(called_judged) as called_judged, sum(hits) as hits,
        least(sum(called_judged), sum(risers)) as possible, sum(chances) as chances
    from track_record
    where (len($categories) = 0 or list_contains($categories, category)) and ($as_of is null or as_of = $as_of)
    group by segment, as_of
)

select segment, sum(judged) as judged, sum(risers) as risers, sum(called_judged) as called_judged, sum(hits) as hits,
    sum(possible) as possible, sum(chances) as chances
from each_update
group by segment
having sum(called_judged) > 0
order by case when segment = 'all' then 0 else 1 end nulls last, called_judged desc nulls last, segment nulls last
