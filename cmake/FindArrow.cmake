# Arrow and Parquet C++: a system installation if there is one, else third_party/arrow as scripts/setup lays it
# (the headers and two shared libraries of a pinned pyarrow wheel; no Python is used).
find_package(Arrow CONFIG QUIET)
find_package(Parquet CONFIG QUIET)
if(NOT TARGET Parquet::parquet_shared)
    set(arrow_root ${CMAKE_SOURCE_DIR}/third_party/arrow)
    find_path(ARROW_INCLUDE_DIR parquet/api/writer.h HINTS ${arrow_root}/include NO_DEFAULT_PATH)
    find_library(ARROW_LIBRARY arrow HINTS ${arrow_root}/lib NO_DEFAULT_PATH)
    find_library(PARQUET_LIBRARY parquet HINTS ${arrow_root}/lib NO_DEFAULT_PATH)
    include(FindPackageHandleStandardArgs)
    find_package_handle_standard_args(Arrow REQUIRED_VARS ARROW_INCLUDE_DIR ARROW_LIBRARY PARQUET_LIBRARY
        FAIL_MESSAGE "Arrow is missing: run scripts/setup")
    add_library(Arrow::arrow_shared SHARED IMPORTED)
    set_target_properties(Arrow::arrow_shared PROPERTIES IMPORTED_LOCATION ${ARROW_LIBRARY}
        INTERFACE_INCLUDE_DIRECTORIES ${ARROW_INCLUDE_DIR})
    target_include_directories(Arrow::arrow_shared SYSTEM INTERFACE ${ARROW_INCLUDE_DIR})
    add_library(Parquet::parquet_shared SHARED IMPORTED)
    set_target_properties(Parquet::parquet_shared PROPERTIES IMPORTED_LOCATION ${PARQUET_LIBRARY}
        INTERFACE_LINK_LIBRARIES Arrow::arrow_shared)
endif()
