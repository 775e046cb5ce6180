-- What did customers of $segment buy of each product from $first to $last, day by day? Segments as served ($segments).
select product_id, day, sum(units) as units
from daily_wanted
where day between $first and $last
    and ($segment = 'all' or case when list_contains($segments, value) then value else 'other' end = $segment)
group by product_id, day
having sum(units) > 0
order by day nulls last, product_id nulls last
