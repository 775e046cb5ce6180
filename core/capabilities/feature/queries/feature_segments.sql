-- Which segments have candidates, all customers first?
select segment, count(*) as candidates, max(dose) as dose
from feature_lists
group by segment
order by segment = 'all' desc nulls last, segment nulls last
