-- Which products had nothing on hand at their last count?
select s.product_id
from stock as s
inner join (select product_id, max(day) as day from stock where day <= $as_of group by product_id) as l
    on s.product_id = l.product_id and s.day = l.day
group by s.product_id
having min(s.on_hand) <= 0
order by s.product_id nulls last
