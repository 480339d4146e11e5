select legacy.close_drills()
