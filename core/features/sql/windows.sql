-- What happened to each (origin, segment, product) in windows that end at the origin, inclusive?
select y.*, r.* exclude (as_of, segment, product_id), a.* exclude (as_of, segment, product_id),
    v.* exclude (as_of, segment, product_id), b.* exclude (as_of, segment, product_id)
from year_windows as y
left join recent_windows as r on y.as_of = r.as_of and y.segment = r.segment and y.product_id = r.product_id
left join attention_windows as a on y.as_of = a.as_of and y.segment = a.segment and y.product_id = a.product_id
left join review_windows as v on y.as_of = v.as_of and y.segment = v.segment and y.product_id = v.product_id
left join buyer_windows as b on y.as_of = b.as_of and y.segment = b.segment and y.product_id = b.product_id
