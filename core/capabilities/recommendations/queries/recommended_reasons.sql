-- Why are products on the customers' lists? A reason of fewer than $few customers is counted, not told apart further.
select reason, count(*) as places, count(distinct customer_id) as customers, count(*) / nullif(sum(count(*)) over (), 0) as share
from recommendations
group by reason
having count(distinct customer_id) >= $few
order by places desc nulls last, reason nulls last
