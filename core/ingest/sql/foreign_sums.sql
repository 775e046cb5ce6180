-- What is the sum of the amounts of each other currency in the file's order lines?
select currency, count(*) as rows, sum(units) as units, cast(round(sum(foreign_cents)) as bigint) as cents
from staged_orders
where problem is null and foreign_cents is not null
group by currency
order by currency nulls last
