# What `cmake --install` puts where: the program, the library with its header, the package file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS pare RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS pare_public EXPORT PareTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(pare_package ${CMAKE_INSTALL_LIBDIR}/cmake/Pare)
install(EXPORT PareTargets NAMESPACE Pare:: DESTINATION ${pare_package})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/PareConfig.cmake.in ${PROJECT_BINARY_DIR}/PareConfig.cmake INSTALL_DESTINATION ${pare_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/PareConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/PareConfig.cmake ${PROJECT_BINARY_DIR}/PareConfigVersion.cmake DESTINATION ${pare_package})
