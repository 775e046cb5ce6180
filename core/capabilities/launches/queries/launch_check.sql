-- How would past launches have been forecast, before their first sale first?
select * from launch_check order by age nulls last
