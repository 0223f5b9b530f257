// Fills the table of one level. A new kernel is declared in kernels.hpp and gets one line here.
#include "kernels.hpp"

namespace radiotype {
namespace RADIOTYPE_LEVEL {

#define RADIOTYPE_TEXT(x) #x
#define RADIOTYPE_NAME(x) RADIOTYPE_TEXT(x)

Kernels kernels() {
    Kernels table{};
    table.level = RADIOTYPE_NAME(RADIOTYPE_LEVEL);
    table.ball_sums = ball_sums;
    table.correlate = correlate;
    table.intensity_range = intensity_range;
    table.intensity_levels = intensity_levels;
    table.intensity_counts = intensity_counts;
    table.row_moments = row_moments;
    table.row_sums = row_sums;
    table.hull_points = hull_points;
    table.hull_faces = hull_faces;
    table.largest_distance = largest_distance;
    table.cube_patterns = cube_patterns;
    table.pam = pam;
    table.cocluster = cocluster;
    table.two_means = two_means;
    table.corner_sets = corner_sets;
    table.simplex_distances = simplex_distances;
    table.nonnegative = nonnegative;
    table.concordant_pairs = concordant_pairs;
    table.cox_likelihood = cox_likelihood;
    table.coxnet_path = coxnet_path;
    table.surface_counts = surface_counts;
    table.squared_distance = squared_distance;
    table.grow_solid = grow_solid;
    table.voxel_surface = voxel_surface;
    table.harmonic_sums = harmonic_sums;
    table.harmonic_values = harmonic_values;
    table.harmonic_products = harmonic_products;
    table.cholesky = cholesky;
    table.cholesky_solve = cholesky_solve;
    table.sphere_map = sphere_map;
    table.cald_ratios = cald_ratios;
    table.cald_smooth = cald_smooth;
    table.ssgsea = ssgsea;
    table.spectra = spectra;
    table.random_enrichment = random_enrichment;
    table.enrichment_levels = enrichment_levels;
    table.texture_scan = texture_scan;
    table.texture_pack = texture_pack;
    table.texture_pairs = texture_pairs;
    table.texture_runs = texture_runs;
    table.texture_neighbours = texture_neighbours;
    table.texture_distances = texture_distances;
    table.texture_zones = texture_zones;
    return table;
}

}  // namespace RADIOTYPE_LEVEL
}  // namespace radiotype
