-- Which past updates are there, the latest first?
select as_of, matures_on, model, published_at, replay, judged
from track_updates
order by as_of desc nulls last
