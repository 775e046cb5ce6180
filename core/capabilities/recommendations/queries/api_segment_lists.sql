-- What do the lists of all segments name, for other programs?
select segment, place, product_id, chance, reason
from segment_recommendations
order by segment nulls last, place nulls last
