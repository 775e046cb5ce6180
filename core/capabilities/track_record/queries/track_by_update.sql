-- How did each judged update do, for one segment and the categories chosen? possible: the most hits that its list could have had.
select as_of,
    sum(forecasts) as forecasts, sum(judged) as judged, sum(chances) as chances, sum(risers) as risers,
    sum(called) as called, sum(called_judged) as called_judged, sum(hits) as hits,
    least(sum(called_judged), sum(risers)) as possible,
    sum(ranged) as ranged, sum(inside) as inside,
    sum(valued) as valued, sum(extra_units) as extra_units, sum(priced) as priced, sum(extra_revenue_cents) as extra_revenue_cents,
    sum(costed) as costed, sum(extra_margin_cents) as extra_margin_cents
from track_record
where segment = $segment and (len($categories) = 0 or list_contains($categories, category))
group by as_of
order by as_of nulls last
