// One table of kernels per SIMD level, chosen once when the module loads.
//
// Rules for a kernel source (compiled once per level, see CMakeLists.txt):
//   - everything sits in namespace radiotype::RADIOTYPE_LEVEL and takes plain pointers that the caller has allocated;
//   - no standard-library templates: an inline function compiled for AVX-512 could be the copy that the linker keeps for all;
//   - integer counts, or floating sums in an order that does not depend on the vector width: every level gives equal bytes.
#pragma once
#include <cstddef>
#include <cstdint>

namespace radiotype {

struct PamProblem {
    const double* distances;  // (n_cases, n_cases), symmetric
    const float* narrow;      // the same in single precision, which is faster and gives the same; or none
    int64_t n_cases;
    const int64_t* items;  // (n_items,) the cases to cluster, ascending
    int64_t n_items;
    const int64_t* k;  // (n_k,) ascending, each in 1..n_items - 1
    int64_t n_k;
};

struct PamResult {
    int64_t* medoids;   // n_k rows of k[n_k - 1]: positions in `items`, in the order of the labels; the rest of a row is -1
    int32_t* labels;    // (n_k, n_items), from 0, numbered by first appearance
    double* objective;  // (n_k, 2) mean distance to the medoid after BUILD and after SWAP
};

// Distances in a row of the subset that pam() copies.
static inline int64_t pam_stride(int64_t n_items) { return (n_items + 15) / 16 * 16; }

// Doubles that pam() needs: the distances of the subset, then rows of n_items.
static inline int64_t pam_workspace(int64_t n_items, int64_t largest_k, bool single) {
    return n_items * pam_stride(n_items) / (single ? 2 : 1) + n_items * (2 * largest_k + 6) + 4 * largest_k + 16;
}

constexpr int64_t TWO_MEANS_LANES = 8;  // rows are padded with zeros to a multiple of it

struct TwoMeansProblem {
    const double* values;  // (n_cases, n_features)
    int64_t n_cases, n_features;
    const double* scale;    // (n_features,) factor of each column
    const int64_t* starts;  // (n_starts, 2) cases at which the clusters begin
    int64_t n_starts;
};

static inline int64_t two_means_width(int64_t n_features) {
    return (n_features + TWO_MEANS_LANES - 1) / TWO_MEANS_LANES * TWO_MEANS_LANES;
}

// Doubles that two_means() needs.
static inline int64_t two_means_workspace(int64_t n_cases, int64_t n_features) {
    return (n_cases + 1) * two_means_width(n_features) + n_cases;
}

constexpr int64_t CORNER_LANES = 4;  // points, columns and rows are padded with zeros to a multiple of it

struct CornerProblem {
    const double* points;  // (n, width) candidates
    int64_t n, width;
    int64_t k;       // corners of a set
    int64_t lowest;  // the first corner of the sets that are looked at; the others come after it
    int64_t n_keep;
};

struct CornerResult {
    double* errors;  // (n_keep,) rising
    int64_t* sets;   // (n_keep, k) of these errors
    int64_t* order;  // (n,) in which points are asked; any, and it changes
};

// Doubles and whole numbers that corner_sets() and simplex_distances() need.
static inline int64_t corner_workspace(int64_t n, int64_t k, int64_t width) { return n + k * (2 * width + k + 3) + width; }
static inline int64_t corner_places(int64_t n, int64_t k) { return n + 2 * k; }

struct NonnegativeProblem {
    const double* columns;  // (k, width) of the matrix
    int64_t k, width;
    const double* rows;  // (n, width) right-hand sides
    int64_t n;
};

// Sets of columns whose factors are kept.
static inline int64_t nonnegative_sets(int64_t k) { return k <= 10 ? int64_t(1) << k : 0; }

// Doubles and whole numbers that nonnegative() needs.
static inline int64_t nonnegative_workspace(int64_t k, int64_t width) {
    return (k + 1) * width + (2 + nonnegative_sets(k)) * k * k + 4 * k;
}
static inline int64_t nonnegative_places(int64_t k) { return 2 * k + nonnegative_sets(k); }

constexpr int64_t COX_LANES = 8;  // covariates of a case are padded with zeros to a multiple of it

struct CoxProblem {
    const double* covariates;  // (n_cases, width), sorted by stratum and within it by falling time
    int64_t n_cases, width;    // width: a multiple of COX_LANES
    const double* time;        // (n_cases,)
    const uint8_t* event;      // (n_cases,) 1 where the case failed
    const int64_t* bounds;     // (n_strata + 1,) first case of each stratum, then n_cases
    int64_t n_strata;
    bool efron;  // ties by Efron, else by Breslow
};

// Doubles that cox_likelihood() needs.
static inline int64_t cox_workspace(int64_t n_cases, int64_t n_events, int64_t width) { return 3 * n_cases + (n_events + 2) * width; }

constexpr int64_t COXNET_LANES = 16;  // a covariate is padded with zeros to a multiple of it

struct CoxnetProblem {
    const double* covariates;  // (n_covariates, stride), cases sorted by stratum and within it by falling time
    int64_t n_covariates, n_cases, stride;  // stride: n_cases, rounded up to a multiple of COXNET_LANES
    const double* time;                     // (n_cases,)
    const uint8_t* event;                   // (n_cases,) 1 where the case failed
    const int64_t* bounds;                  // (n_strata + 1,) first case of each stratum, then n_cases
    int64_t n_strata;
    bool efron;             // ties by Efron, else by Breslow
    const double* factor;   // (n_covariates,) of each penalty
    const double* lambdas;  // (n_lambdas,) falling
    int64_t n_lambdas;
    double l1_ratio;
    double allowed;         // violation of an optimality condition at which a coefficient is right
    double saturated;       // largest log-likelihood that there can be
    double most_explained;  // share of that at which the path ends
    double least_rise;      // or the share by which it must rise from one lambda to the next; 0: the path has no such ends
    int64_t most_nonzero;   // the path ends with this many coefficients
    int64_t max_steps, max_sweeps;
};

struct CoxnetResult {
    double* coefficients;  // (n_lambdas, n_covariates)
    double* values;        // (n_lambdas, 2) log-likelihood and largest violation
    double* gradient;      // (n_covariates,) at the last lambda
};

// Columns that coxnet_path() solves for at once, at most: of a LASSO n_cases are not zero, and some come and go.
static inline int64_t coxnet_slots(int64_t n_cases, int64_t n_covariates) {
    const int64_t most = 2 * n_cases + 256;  // of an elastic net more are not zero, but seldom
    return n_covariates < most ? n_covariates : most;
}

// Doubles in a row of its Cholesky factor.
static inline int64_t coxnet_width(int64_t slots) { return slots / COXNET_LANES * COXNET_LANES + COXNET_LANES; }

// Doubles, and whole numbers, that coxnet_path() needs.
static inline int64_t coxnet_workspace(int64_t n_cases, int64_t stride, int64_t n_covariates) {
    const int64_t slots = coxnet_slots(n_cases, n_covariates);
    return 10 * n_cases + 5 * stride + n_covariates * (stride + 5) + slots * (slots + 2) + (slots + 1) * coxnet_width(slots);
}
static inline int64_t coxnet_positions(int64_t n_cases, int64_t n_covariates) {
    return 3 * n_covariates + coxnet_slots(n_cases, n_covariates);
}

struct PairProblem {
    const double* time;    // (n_cases,) sorted by stratum, rising time, and events before censored cases
    const uint8_t* event;  // (n_cases,) 1 where the case failed
    const int64_t* rank;   // (n_cases,) of the score among those of the stratum, from 0, equal scores equal
    const double* weight;  // (n_cases,) of the pairs in which this case is the one that failed
    const int64_t* bounds; // (n_strata + 1,) first case of each stratum, then n_cases
    int64_t n_strata;
};

struct BallProblem {
    const double* values;    // shape, C order
    const int64_t* shape;    // (3,) of the box that holds the balls, as far as there are values
    const int64_t* columns;  // (n_columns, 2): steps along the first two axes to a column of the ball, the first not below 0 since a
                             // ball is its own mirror image
    int64_t n_columns;
    const int64_t* groups;  // (n_groups, 3): first column, end column, and the voxels above and below the middle of each of these
    int64_t n_groups;
    int64_t reach, reach_i;  // the largest of those numbers of voxels, and the largest step along the first axis
    const int64_t* first;  // (3,) where the region's own box begins
    const uint8_t* mask;   // own, C order
    const int64_t* own;    // (3,) shape of the region's own box
    double middle, scale;  // what is summed is (value - middle) x scale, rounded
    bool ones;             // or 1 for every finite value
};

// Numbers of 32 bits that ball_sums() needs.
static inline int64_t ball_scratch(int64_t n_j, int64_t n_k, int64_t reach, int64_t reach_i) {
    return ((5 * reach_i + 2) * n_j + reach + 4) * (n_k + 2 * reach + 80) + 16;
}

// Intensities of a box and which of them belong to a region; those beyond the limits do not.
struct IntensityBox {
    const double* values;   // the fastest axis lies close in memory
    const uint8_t* region;  // C order; null for all
    int64_t shape[3], steps[2];
    double lower, upper;
};

struct IntensityRange {
    double least, most;
    int64_t n, n_broken;  // voxels within the limits; voxels without a finite value
    bool whole;           // whether all are whole numbers
};

struct LevelRule {
    double origin, width, number, last;
};

// Bytes that hull_faces() needs for n points.
static inline int64_t hull_scratch(int64_t n) { return (4 * n + 8) * 64 + (9 * n + 32) * 4; }

struct HarmonicPoints {
    const double* xyz;  // (n, 3) unit vectors
    int64_t n;
    int64_t degree;
    int64_t columns;  // 1 to 3
};

struct HarmonicGrid {
    const double* waves;      // (steps, 2 degree + 1)
    const double* latitudes;  // (rings, (degree + 1)^2)
    int64_t rings, steps, degree;
};

// A closed genus-0 surface of squares that is to be spread over the unit sphere. See sphere_map.cpp.
struct SphereProblem {
    const double* vertices;  // (n_vertices, 3)
    int64_t n_vertices;
    const int32_t* quads;  // (n_vertices - 2, 4) counter-clockwise seen from outside
    int64_t n_quads;
    const int32_t* order;  // (n_vertices,) the order in which vertices are tried for removal
    bool long_diagonals;  // split squares along the longer diagonal
};

struct SphereResult {
    double* points;  // (n_vertices, 3) unit vectors
    double* shares;  // (n_quads,) of the area without stairs
    bool* settled;   // whether the last level came to rest
};

static constexpr int64_t SPHERE_RING = 32;  // room for the neighbours of a vertex

// Lengths of the scratch for n vertices.
struct SphereScratch {
    double* doubles;
    int32_t* integers;
    float* floats;

    static int64_t n_doubles(int64_t n) { return 56 * n; }
    static int64_t n_integers(int64_t n) { return (46 + 2 * SPHERE_RING) * n + 3; }
    static int64_t n_floats(int64_t n) { return 38 * n; }
};

// A surface of triangles that is being spread over the unit sphere as published. See cald.cpp.
struct CaldProblem {
    const int32_t* triangles;  // (n_triangles, 3) counter-clockwise seen from outside
    int64_t n_triangles;
    const double* shares;    // (n_triangles,) of the area of the object
    const double* frames;    // (n_triangles, 3) in its own plane the second corner is (x, 0), the third (y, z); in radii of equal area
    const int32_t* first;    // (n_vertices + 1,) where the corners of a vertex begin
    const int32_t* corners;  // (3 n_triangles,) 3 triangle + corner, by vertex, then by triangle
    int64_t n_vertices;
};

static constexpr int64_t CALD_RING = 32;  // room for the triangles of a vertex; a voxel surface has at most 12

// Grey levels of a box as they came in: 0 outside the region. Shape and steps (in elements) along slices, rows and columns.
struct LevelBox {
    const uint16_t* levels;
    int64_t shape[3], steps[3];
};

// What texture_pack() makes of it. See texture.hpp.
struct TextureVolume {
    const void* levels;     // (n_slices + 2, n_rows, stride): which of the levels that occur, from 1; 0 outside
    const void* values;     // the same with the grey levels themselves
    int64_t bytes;          // of an element of both: 1 or 2
    int64_t n_rows, stride; // with the empty voxels on both sides
    const int32_t* lines;   // (n_lines, 4): slice, row, first column, end column
    int64_t n_lines, n_levels;
    bool planar;    // neighbours within the slice only
    bool by_slice;  // separate tables for every slice, from that of the first line
};

struct Zone {
    int32_t level, size, distance;  // which level, number of voxels, steps to the border of the region
};

// What texture_zones() needs and gives; the first n of `zones` are found.
struct ZoneScratch {
    const uint16_t* distance;  // as the volume, from texture_distances()
    uint32_t* labels;          // (2, n_rows, stride)
    uint32_t* parent;          // (voxels of all lines,)
    Zone* zones;               // (voxels of all lines,)
};

// Sets of columns, and the samples in which they are scored.
struct SetProblem {
    const double* values;  // (n_samples, n_columns)
    int64_t n_samples, n_columns;
    const int32_t* members;  // columns of one set after the other, ascending in each
    const int64_t* bounds;   // (n_sets + 1,) where each set begins
    int64_t n_sets;
};

// uint64 that ssgsea() and spectra() need.
static inline int64_t ranked_sets_scratch(int64_t n_columns, int64_t n_sets) { return 5 * n_columns + 5 * n_sets; }

constexpr int64_t RANDOM_SET_LANES = 8;

static inline int64_t random_set_width(int64_t n_members) {
    return (n_members + RANDOM_SET_LANES - 1) / RANDOM_SET_LANES * RANDOM_SET_LANES;
}

struct RandomSets {
    const double* weights;  // (n_ranked,) whole numbers from 1 on, in the order of the ranking; their sum is below 2^53
    int64_t n_ranked, n_members;
    uint64_t* state;  // (4,) of the random numbers, not all zero
};

struct LevelSearch {
    const double* targets;  // (n_targets,) scores above 0, ascending
    int64_t n_targets, n_sets, most_levels;
};

// uint64 that random_enrichment(), with n_sets = 0, and enrichment_levels() need.
static inline int64_t random_sets_scratch(int64_t n_ranked, int64_t n_members, int64_t n_sets) {
    return (n_sets + 1) * 3 * random_set_width(n_members) + 3 * n_sets + n_ranked / 64 + 1;
}

// A box whose last axis is the fastest, and the weights along one axis of it.
struct CorrelateProblem {
    const double* values;
    int64_t shape[3];    // of the result
    int64_t strides[2];  // of the values along the first two axes, in values
    int64_t step;        // from a value to the next along the axis of the weights
    const double* weights;
    int64_t n_weights;
};

struct Kernels {
    const char* level;
    // Sums of weighted neighbours along one axis. See correlate.cpp.
    void (*correlate)(const CorrelateProblem& problem, double* out);
    // Sums in a ball around each voxel of a region, the lowest number elsewhere. See ball.cpp.
    void (*ball_sums)(const BallProblem& problem, uint32_t* scratch, const uint32_t** lines, int32_t* sums);
    // Range, grey levels, counts and moments of the intensities of a region. See intensities.cpp.
    void (*intensity_range)(const IntensityBox& box, IntensityRange* found);
    void (*intensity_levels)(const IntensityBox& box, const LevelRule& rule, uint8_t* inside, uint16_t* levels);
    void (*intensity_counts)(const IntensityBox& box, double least, int64_t tables, int64_t n_values, int64_t* counts);
    void (*row_moments)(const uint8_t* mask, int64_t n_rows, int64_t n, int64_t* moments, int32_t* ends);
    void (*row_sums)(const IntensityBox& box, double* sums);
    // The convex hull of a mesh, and the largest distance of points. See hull.cpp.
    int64_t (*hull_points)(const int32_t* ends, const int64_t shape[2], uint8_t* bits, int32_t* stack, int32_t* points);
    int64_t (*hull_faces)(const int32_t* points, int64_t n, uint8_t* scratch, int32_t* triangles);
    double (*largest_distance)(const double* points, int64_t n);
    // Counts of the 256 corner patterns of a binary mask, with the sums of the cube positions. See mesh.cpp.
    void (*cube_patterns)(const uint8_t* mask, const int64_t shape[3], int64_t counts[256], int64_t sums[256 * 3]);
    // Partitions around medoids, for several k of one subset of cases. See pam.cpp.
    void (*pam)(const PamProblem& problem, const PamResult& result, double* workspace);
    // Counts how often two cases got the same label. See cocluster.cpp.
    void (*cocluster)(const uint8_t* labels, int64_t n_resamples, int64_t n_cases, uint8_t* row, int32_t* counts);
    // Sum of squares within the best two clusters over the total; `sides` is (2, n_cases), the first row is the answer. See two_means.cpp.
    double (*two_means)(const TwoMeansProblem& problem, uint8_t* sides, double* workspace);
    // The sets of corners closest to all other points, and squared distances of points to a polytope. See corners.cpp.
    int64_t (*corner_sets)(const CornerProblem& problem, const CornerResult& result, int64_t found, double* workspace, int64_t* whole);
    void (*simplex_distances)(const double* corners, const int64_t shape[3], const double* targets, double* distances, double* workspace,
                              int64_t* whole);
    // Rows as non-negative sums of columns, and what is left of each, squared; stops when that passes a limit. See nonnegative.cpp.
    int64_t (*nonnegative)(const NonnegativeProblem& problem, double limit, double* solution, double* errors, double* workspace,
                           int64_t* whole);
    // For each event, later cases of lower score, of higher score, and all (n_cases, 3); for each case, the weight of the earlier events
    // of higher score less that of lower score, and of all (n_cases, 2). `tree` has n_cases + 1 cells. See concordance.cpp.
    void (*concordant_pairs)(const PairProblem& problem, double* later, double* earlier, double* tree);
    // Partial log-likelihood, then its gradient (width,), then minus its Hessian (width, width). See cox.cpp.
    void (*cox_likelihood)(const CoxProblem& problem, const double* coefficients, double* result, double* workspace);
    // The path of an elastic net; the number of lambdas done, or -1 less the lambda that did not converge. See coxnet.cpp.
    int64_t (*coxnet_path)(const CoxnetProblem& problem, const CoxnetResult& result, double* workspace, int64_t* positions, uint8_t* kept);
    // Simply connected solids of voxels. See solid.cpp.
    void (*surface_counts)(const uint8_t* voxels, const int64_t shape[3], int64_t counts[3]);
    void (*squared_distance)(const uint8_t* voxels, const int64_t shape[3], const double spacing[3], float* out, double* scratch);
    int64_t (*grow_solid)(uint8_t* voxels, const int64_t shape[3], const float* distance, bool outside, uint64_t* heap);
    // The boundary squares of a solid as a mesh. See voxel_surface.cpp.
    void (*voxel_surface)(const uint8_t* voxels, const int64_t shape[3], int32_t* layers, int32_t* vertices, int32_t* squares);
    // Spherical harmonics over many points. See harmonics.cpp.
    void (*harmonic_sums)(const HarmonicPoints& points, const double* recurrence, const double* values, double* lanes, double* sums);
    void (*harmonic_values)(const HarmonicPoints& points, const double* recurrence, const double* coefficients, double* values);
    // Normal equations of least squares in spherical harmonics. See normal_equations.cpp.
    void (*harmonic_products)(const HarmonicGrid& grid, const double* density, double* scratch, double* products);
    double (*cholesky)(double* matrix, int64_t n);
    void (*cholesky_solve)(const double* factor, int64_t n, int64_t columns, double* b);
    // Spreads a mesh over the unit sphere; the number of sweeps, or a negative code. See sphere_map.cpp.
    int64_t (*sphere_map)(const SphereProblem& problem, const SphereResult& result, const SphereScratch& scratch);
    // The published spherical map: centres (n_triangles, 3) of the triangles on the sphere and their area ratios (n_triangles,); then
    // moves of single vertices, their number or -1 if a ring does not close. See cald.cpp.
    void (*cald_ratios)(const CaldProblem& problem, const double* points, double* centres, double* ratios);
    int64_t (*cald_smooth)(const CaldProblem& problem, int64_t sweeps, double* points, uint8_t* waiting);
    // Scores of sets of columns in each sample. See ranked_sets.cpp.
    void (*ssgsea)(const SetProblem& problem, const double* weight_of_rank, double* scores, uint64_t* scratch);
    void (*spectra)(const SetProblem& problem, const int32_t* sets_of, const int64_t* column_bounds, double* scores, uint64_t* scratch);
    // How enriched random sets are in a ranking. See random_sets.cpp.
    void (*random_enrichment)(const RandomSets& problem, int64_t n_sets, double* scores, uint64_t* scratch);
    int64_t (*enrichment_levels)(const RandomSets& problem, const LevelSearch& search, int64_t* survivors, int64_t* found,
                                 uint64_t* scratch);
    // Grey-level matrices. See texture_pack.cpp, texture_pairs.cpp, texture_neighbours.cpp and texture_zones.cpp.
    void (*texture_scan)(const LevelBox& source, int64_t* counts, int64_t box[6]);
    int64_t (*texture_pack)(const LevelBox& source, const uint16_t* map, void* out, int64_t bytes, int32_t* lines);
    void (*texture_pairs)(const TextureVolume& volume, uint32_t* tables, int64_t table);
    void (*texture_runs)(const TextureVolume& volume, uint32_t* tables, int64_t longest, void* scratch);
    void (*texture_neighbours)(const TextureVolume& volume, int64_t alpha, uint64_t* differences, uint32_t* dependences);
    void (*texture_distances)(const TextureVolume& volume, uint16_t* out);
    int64_t (*texture_zones)(const TextureVolume& volume, const ZoneScratch& scratch, int64_t* bounds);
};

namespace base { Kernels kernels(); }
#ifdef RADIOTYPE_X86
namespace avx2 { Kernels kernels(); }
namespace avx512 { Kernels kernels(); }
#endif

// The table of the best level this processor has, or of the level named by the environment variable RADIOTYPE_SIMD.
const Kernels& active_kernels();

}  // namespace radiotype
