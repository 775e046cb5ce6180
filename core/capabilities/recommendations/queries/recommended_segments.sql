-- Which segments have a list, the largest first after all customers?
select segment, max(customers) as customers
from segment_recommendations
group by segment
order by segment = 'all' desc nulls last, customers desc nulls last, segment nulls last
