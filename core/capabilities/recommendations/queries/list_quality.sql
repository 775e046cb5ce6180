-- How did each kind of list do on the last 14 days?
select * from list_quality order by list nulls last
