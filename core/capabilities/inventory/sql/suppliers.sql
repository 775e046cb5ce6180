-- What do the shop's suppliers ask for?
select supplier, order_days, min_order_cents
from suppliers
order by supplier nulls last
