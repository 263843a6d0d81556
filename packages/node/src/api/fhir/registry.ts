/** Every interaction of the API, one a line. */
import type { Interaction } from './interaction.ts'
import { bundle } from './interactions/bundle.ts'
import { capabilities } from './interactions/capabilities.ts'
import { conditionalDelete } from './interactions/conditional-delete.ts'
import { conditionalUpdate } from './interactions/conditional-update.ts'
import { create } from './interactions/create.ts'
import { deleteInstance } from './interactions/delete.ts'
import { everything, everythingByPost, everythingOfAll, everythingOfAllByPost } from './interactions/everything.ts'
import { historyInstance } from './interactions/history-instance.ts'
import { historySystem } from './interactions/history-system.ts'
import { historyType } from './interactions/history-type.ts'
import { conditionalPatch, patch } from './interactions/patch.ts'
import { proof } from './interactions/proof.ts'
import { read } from './interactions/read.ts'
import { searchCompartment, searchCompartmentByPost } from './interactions/search-compartment.ts'
import { searchSystem, searchSystemByPost } from './interactions/search-system.ts'
import { searchType, searchTypeByPost } from './interactions/search-type.ts'
import { update } from './interactions/update.ts'
import { validate, validateInstance } from './interactions/validate.ts'
import { vread } from './interactions/vread.ts'

export const INTERACTIONS: readonly Interaction[] = [
  capabilities,
  read,
  vread,
  proof,
  historyInstance,
  historyType,
  historySystem,
  create,
  update,
  conditionalUpdate,
  patch,
  conditionalPatch,
  deleteInstance,
  conditionalDelete,
  searchType,
  searchTypeByPost,
  searchSystem,
  searchSystemByPost,
  searchCompartment,
  searchCompartmentByPost,
  everything,
  everythingOfAll,
  everythingByPost,
  everythingOfAllByPost,
  validate,
  validateInstance,
  bundle,
]
