-- What did each list do in past updates whose weeks are over?
select * from feature_record order by as_of nulls last, list nulls last, dose nulls last
