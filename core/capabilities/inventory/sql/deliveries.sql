-- What is on order of the forecast products (table live), a row a day that something is due, and how many days after $as_of?
select
    l.place as product, d.product_id, d.due_on,
    cast(date_diff('day', cast($as_of as date), d.due_on) as double) as due_in_days, cast(sum(d.units) as double) as units
from deliveries as d
inner join live as l on d.product_id = l.product_id
group by l.place, d.product_id, d.due_on
order by product nulls last, d.due_on nulls last
