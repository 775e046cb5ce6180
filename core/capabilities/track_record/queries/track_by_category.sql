-- How did each category, in one segment do? possible: the most hits that the lists of the updates could have had.
with each_update as (
    select category, as_of, sum(judged) as judged, sum(risers) as risers, sum(called_judged) as called_judged, sum(hits) as hits,
        least(sum(called_judged), sum(risers)) as possible, sum(chances) as chances
    from track_record
    where segment = $segment and ($as_of is null or as_of = $as_of)
    group by category, as_of
)

select category, sum(judged) as judged, sum(risers) as risers, sum(called_judged) as called_judged, sum(hits) as hits,
    sum(possible) as possible, sum(chances) as chances
from each_update
group by category
having sum(called_judged) > 0
order by called_judged desc nulls last, category nulls last
