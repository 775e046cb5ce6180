-- On which day did each product first sell?
select product_id, min(day) as first_day
from daily
where interest > 0
group by product_id
