-- How much of each product is there over all locations, on the days that a file counts? A total among locations is none of them.
with days as (
    select day, product_id, max(line) as line, count(*) as places
    from stock_counted
    where place = 1 and not is_total
    group by day, product_id
),

locations as (
    select l.day, l.product_id, l.on_hand, l.on_order,
        list_contains($totals, lower(trim(l.location))) as is_total,
        min(case when list_contains($totals, lower(trim(l.location))) then 1 else 0 end)
            over (partition by l.day, l.product_id) as only_totals
    from stock_locations as l
    semi join days as d on l.day = d.day and l.product_id = d.product_id
)

select d.line, cast(null as integer) as problem, d.day, d.product_id, sum(l.on_hand) as on_hand, sum(l.on_order) as on_order, d.places
from days as d
inner join locations as l on d.day = l.day and d.product_id = l.product_id
where not l.is_total or l.only_totals = 1
group by d.line, d.day, d.product_id, d.places
