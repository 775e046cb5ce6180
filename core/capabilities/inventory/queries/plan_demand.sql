-- Everyone's demand of the planned products, as one column: by product, weeks and level.
select d.units
from demand d
join suggestions s on s.product_id = d.product_id
where d.segment = 'all'
order by d.product_id nulls last, d.weeks nulls last, d.level nulls last
