-- Under which meaning (signal, segment attribute, code version) the daily aggregate was built.
select meaning from daily_built
