@_exported import RecurrentCells
@_exported import RecurrentCore
@_exported import RecurrentFormats
@_exported import RecurrentLayers
@_exported import RecurrentTasks
@_exported import RecurrentTraining
